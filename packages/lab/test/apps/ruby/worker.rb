require "securerandom"
require_relative "store"

NAME = SecureRandom.hex(6)
MINE = "jobs:working:#{NAME}".freeze
# How long a worker counts as alive after its last sign of life.
ALIVE_MS = 3_000
# Counted once, even if it was given to another worker meanwhile.
FINISH = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('INCR', KEYS[2]) end".freeze

stopping = false
# As process 1 there is no default for these: whoever sets no handler is not stopped.
%w[TERM INT].each { |signal| trap(signal) { stopping = true } }

# A job lies in this worker's own list until it is done: whoever dies in between leaves it there.
def work_once
  Store.call("SADD", "workers", NAME)
  Store.call("SET", "worker:#{NAME}", "alive", "PX", ALIVE_MS)
  job = Store.call("LMOVE", "jobs:waiting", MINE, "RIGHT", "LEFT") or return false
  sleep 0.3
  Store.call("EVAL", FINISH, 2, MINE, "jobs:done", job)
  puts "job #{job} done"
  true
end

# Jobs of workers without a sign of life wait again.
def take_back
  Store.call("SMEMBERS", "workers").each do |name|
    next if Store.call("EXISTS", "worker:#{name}") == 1

    nil while Store.call("LMOVE", "jobs:working:#{name}", "jobs:waiting", "LEFT", "RIGHT")
    Store.call("SREM", "workers", name)
  end
end

puts "waiting for jobs"
looked = 0
until stopping
  begin
    now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    if now - looked > 1
      take_back
      looked = now
    end
    work_once or sleep 0.25
  rescue StandardError => error
    puts "error: #{reason(error)}"
    sleep 1
  end
end
puts "stopped"

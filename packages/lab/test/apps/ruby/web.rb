require "socket"
require_relative "pages"

Request = Struct.new(:method, :target, :headers, :body) do
  def path = target.split("?").first.to_s
end

REASONS = { 200 => "OK", 303 => "See Other", 400 => "Bad Request", 404 => "Not Found", 422 => "Unprocessable Entity" }.freeze
LONGEST_BODY = 65_536
IDLE_S = 15

# When it is written to, nobody waits for another request. It is never read, so that all threads see it.
STOP, STOPPER = IO.pipe

# As process 1 there is no default for these: whoever sets no handler is not stopped.
%w[TERM INT].each { |signal| trap(signal) { STOPPER.write_nonblock(".") } }

def serve(connection)
  loop do
    ready, = IO.select([connection, STOP], nil, nil, IDLE_S)
    break unless ready&.include?(connection)

    request = read_request(connection) or break
    closing = !respond(connection, request)
    break if closing
  end
rescue SystemCallError, IOError
  nil # The client went away.
ensure
  connection.close
end

def read_request(connection)
  method, target, = connection.gets("\r\n", 8_192, chomp: true)&.split(" ")
  return unless target

  headers = {}
  while (line = connection.gets("\r\n", 8_192, chomp: true)) && !line.empty?
    name, value = line.split(":", 2)
    headers[name.downcase] = value.to_s.strip
  end
  length = headers["content-length"].to_i
  return if length > LONGEST_BODY

  Request.new(method, target, headers, connection.read(length).force_encoding("UTF-8"))
end

# Whether the connection stays open.
def respond(connection, request)
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  begin
    status, headers, body = Pages.answer(request)
  rescue StandardError => error
    puts "error: #{request.method} #{request.target}: #{reason(error)}"
    status, headers, body = [500, {}, "something went wrong\n"]
  end
  stays = request.headers["connection"]&.downcase != "close" && !IO.select([STOP], nil, nil, 0)
  all = { "content-length" => body.bytesize, "connection" => stays ? "keep-alive" : "close" }.merge(headers)
  head = "HTTP/1.1 #{status} #{REASONS.fetch(status, "Error")}\r\n#{all.map { |name, value| "#{name}: #{value}\r\n" }.join}\r\n"
  connection.write(request.method == "HEAD" ? head : head + body)
  ms = ((Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1000).round
  puts "#{request.method} #{request.target} #{status} #{ms}ms"
  stays
end

server = TCPServer.new(HOST, PORT)
puts "listening on #{HOST}:#{PORT}"
threads = []
loop do
  ready, = IO.select([server, STOP])
  break if ready.include?(STOP)

  connection = server.accept_nonblock(exception: false)
  next if connection == :wait_readable

  threads.select!(&:alive?)
  threads << Thread.new { serve(connection) }
end
server.close
puts "finishing"
deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 9
threads.each { |thread| thread.join([deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC), 0].max) }
puts "stopped"

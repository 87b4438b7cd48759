# Config is the environment's. EX_CONFIG tells the platform that trying again is no use.
CONFIG_ERROR = 78

# Lines go out as they are written, whatever the output is.
$stdout.sync = true
Encoding.default_external = Encoding::UTF_8

def required(name)
  value = ENV.fetch(name, "")
  return value unless value.empty?

  puts "#{name} is missing: set it in the environment"
  exit CONFIG_ERROR
end

REDIS_URL = required("REDIS_URL")
SESSION_SECRET = required("SESSION_SECRET")
GREETING = ENV.fetch("GREETING", "Hello")
# Not localhost: a router on another machine must get here.
HOST = ENV.fetch("HOST", "0.0.0.0")
PORT = Integer(ENV.fetch("PORT", "5000"))

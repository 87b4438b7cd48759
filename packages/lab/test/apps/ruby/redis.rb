require "io/wait"
require "socket"
require "timeout"
require "uri"

# A client for Redis: enough of its protocol for this app.
class Redis
  class Refused < StandardError; end

  PATIENCE_S = 6

  def initialize(url)
    address = URI(url)
    Timeout.timeout(PATIENCE_S) do
      @socket = Socket.tcp(address.host, address.port || 6379, connect_timeout: PATIENCE_S)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end
    user, password = address.userinfo&.split(":", 2)&.map { URI.decode_www_form_component(_1) }
    call("AUTH", *[user, password].reject { _1.to_s.empty? }) if password
    number = address.path.to_s.delete("/")
    call("SELECT", number) unless number.empty? || number == "0"
  end

  def call(*words)
    Timeout.timeout(PATIENCE_S) do
      @socket.write("*#{words.size}\r\n" + words.map { |word| "$#{word.to_s.bytesize}\r\n#{word}\r\n" }.join)
      answer
    end
  end

  # Nobody asked anything: what there is to read is the end.
  def lost? = !@socket.wait_readable(0).nil?

  def close = @socket.close

  private

  def answer
    line = @socket.gets("\r\n", chomp: true) or raise EOFError, "Redis hung up"
    rest = line[1..]
    case line[0]
    when "+" then rest
    when "-" then raise Refused, rest[/\A\w+/]
    when ":" then Integer(rest)
    when "$" then rest == "-1" ? nil : @socket.read(Integer(rest) + 2)[0...-2].force_encoding("UTF-8")
    when "*" then Array.new([Integer(rest), 0].max) { answer }
    end
  end
end

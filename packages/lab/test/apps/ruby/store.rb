require_relative "config"
require_relative "redis"

# Connections that are free. Each is made when it is needed, and one that was lost meanwhile is not used again.
module Store
  FREE = Queue.new

  def self.call(*words)
    connection = free || Redis.new(REDIS_URL)
    answer = connection.call(*words)
    FREE << connection
    answer
  rescue StandardError
    connection&.close
    raise
  end

  def self.free
    connection = FREE.pop(true)
    return connection unless connection.lost?

    connection.close
    free
  rescue ThreadError
    nil
  end
end

# What went wrong, without anything of the connection's address.
def reason(error)
  error.is_a?(Redis::Refused) ? "Redis said #{error.message}" : error.class.name
end

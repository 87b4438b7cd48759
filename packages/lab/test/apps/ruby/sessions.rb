require "openssl"
require "securerandom"
require_relative "store"

# The cookie names the session and is set anew each time, so that it lives on; the count is in the store.
module Sessions
  SECONDS = 1_209_600

  def self.count_visit(cookies)
    id = id_in(cookies) || SecureRandom.hex(16)
    visits = Store.call("INCR", "session:#{id}")
    Store.call("EXPIRE", "session:#{id}", SECONDS)
    [visits, "visitor=#{id}.#{signature(id)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=#{SECONDS}"]
  end

  def self.id_in(cookies)
    id, signed = cookies.to_s.match(/(?:\A|; )visitor=(\h{32})\.(\h{64})/)&.captures
    id if id && OpenSSL.fixed_length_secure_compare(signed, signature(id))
  end

  def self.signature(id) = OpenSSL::HMAC.hexdigest("SHA256", SESSION_SECRET, id)
end

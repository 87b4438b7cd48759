require "cgi/escape"
require "json"
require "uri"
require_relative "sessions"
require_relative "store"

HTML = { "content-type" => "text/html; charset=utf-8" }.freeze
ADD_JOB = "return redis.call('LPUSH', KEYS[1], redis.call('INCR', KEYS[2]))".freeze

# Answers to requests: a status, headers, a body.
module Pages
  def self.answer(request)
    method = request.method == "HEAD" ? "GET" : request.method
    case [method, request.path]
    in ["GET", "/"] then front
    in ["POST", "/notes"] then keep_note(request)
    in ["GET", %r{\A/notes/\d{1,15}\z}] then show_note(request.path)
    in ["GET", "/visits"] then show_visits(request)
    in ["GET", "/jobs"] then show_jobs
    in ["POST", "/jobs"] then add_job
    in ["GET", "/readyz"] then [200, {}, "#{Store.call("PING")}\n"]
    in ["GET", "/livez"] then [200, {}, "alive\n"]
    else [404, {}, "there is nothing here\n"]
    end
  end

  def self.front
    ids = Store.call("LRANGE", "notes", 0, 19)
    texts = ids.empty? ? [] : Store.call("MGET", *ids.map { "note:#{_1}" })
    items = ids.zip(texts).map { |id, text| %(<li><a href="/notes/#{id}">#{CGI.escapeHTML(text.to_s)}</a></li>) }
    [200, HTML, page(<<~BODY)]
      <h1>#{CGI.escapeHTML(GREETING)}</h1>
      <form method="post" action="/notes"><input name="text" placeholder="a note" required> <button>Keep</button></form>
      <ul>#{items.join("\n")}</ul>
      <form method="post" action="/jobs"><button>Work</button></form>
      <p><a href="/visits">visits</a> <a href="/jobs">jobs</a></p>
    BODY
  end

  def self.keep_note(request)
    text = URI.decode_www_form(request.body).to_h.fetch("text", "").strip
    return [422, {}, "a note needs a text\n"] if text.empty?

    id = Store.call("INCR", "notes:last")
    Store.call("SET", "note:#{id}", text)
    Store.call("LPUSH", "notes", id)
    [303, { "location" => "/notes/#{id}" }, ""]
  rescue ArgumentError
    [400, {}, "that is no form\n"]
  end

  def self.show_note(path)
    text = Store.call("GET", "note:#{path.delete_prefix("/notes/")}")
    return [404, {}, "there is no such note\n"] unless text

    [200, HTML, page(%(<h1>#{CGI.escapeHTML(text)}</h1>\n<p><a href="/">all notes</a></p>\n))]
  end

  def self.show_visits(request)
    visits, cookie = Sessions.count_visit(request.headers["cookie"])
    [200, HTML.merge("set-cookie" => cookie), "<p>Visits: #{visits}</p>\n"]
  end

  def self.show_jobs
    last, done = Store.call("MGET", "jobs:last", "jobs:done").map(&:to_i)
    [200, { "content-type" => "application/json" }, "#{JSON.generate({ waiting: last - done, done: done })}\n"]
  end

  def self.add_job
    Store.call("EVAL", ADD_JOB, 2, "jobs:waiting", "jobs:last")
    [303, { "location" => "/jobs" }, ""]
  end

  def self.page(body) = %(<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Notes</title>\n<body>#{body}</body></html>\n)
end

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Answers to requests. */
final class Pages {
  private static final String ADD_JOB = "return redis.call('LPUSH', KEYS[1], redis.call('INCR', KEYS[2]))";

  /** Where a page is text, its type is guessed by its beginning. */
  record Answer(int status, String body, String location, String cookie) {
    Answer(int status, String body) {
      this(status, body, null, null);
    }
  }

  static Answer answer(HttpExchange exchange) throws IOException {
    String method = exchange.getRequestMethod().equals("HEAD") ? "GET" : exchange.getRequestMethod();
    String path = exchange.getRequestURI().getPath();
    switch (method + " " + path) {
      case "GET /":
        return front();
      case "POST /notes":
        return keepNote(exchange);
      case "GET /visits":
        String id = Sessions.idIn(exchange.getRequestHeaders().getFirst("Cookie"));
        return new Answer(200, page("<p>Visits: " + Sessions.countVisit(id) + "</p>"), null, Sessions.cookie(id));
      case "GET /jobs":
        long done = number(Store.call("GET", "jobs:done"));
        return new Answer(200, "{\"waiting\":" + (number(Store.call("GET", "jobs:last")) - done) + ",\"done\":" + done + "}\n");
      case "POST /jobs":
        Store.call("EVAL", ADD_JOB, 2, "jobs:waiting", "jobs:last");
        return new Answer(303, "", "/jobs", null);
      case "GET /readyz":
        return new Answer(200, Store.call("PING") + "\n");
      case "GET /livez":
        return new Answer(200, "alive\n");
      default:
        return method.equals("GET") && path.matches("/notes/\\d{1,15}") ? showNote(path.substring(7)) : new Answer(404, "there is nothing here\n");
    }
  }

  private static Answer front() throws IOException {
    StringBuilder items = new StringBuilder();
    List<?> ids = Store.list("LRANGE", "notes", 0, 19);
    if (!ids.isEmpty()) {
      List<Object> words = new ArrayList<>(List.of("MGET"));
      for (Object id : ids) words.add("note:" + id);
      List<?> texts = Store.list(words.toArray());
      for (int at = 0; at < ids.size(); at++) items.append("<li><a href=\"/notes/" + ids.get(at) + "\">" + escaped(texts.get(at)) + "</a></li>\n");
    }
    return new Answer(200, page("<h1>" + escaped(Config.GREETING) + "</h1>\n"
        + "<form method=\"post\" action=\"/notes\"><input name=\"text\" placeholder=\"a note\" required> <button>Keep</button></form>\n"
        + "<ul>" + items + "</ul>\n"
        + "<form method=\"post\" action=\"/jobs\"><button>Work</button></form>\n"
        + "<p><a href=\"/visits\">visits</a> <a href=\"/jobs\">jobs</a></p>"));
  }

  private static Answer keepNote(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readNBytes(65_536), StandardCharsets.UTF_8);
    String text = "";
    for (String pair : body.split("&")) if (pair.startsWith("text=")) text = URLDecoder.decode(pair.substring(5), StandardCharsets.UTF_8).strip();
    if (text.isEmpty()) return new Answer(422, "a note needs a text\n");
    Object id = Store.call("INCR", "notes:last");
    Store.call("SET", "note:" + id, text);
    Store.call("LPUSH", "notes", id);
    return new Answer(303, "", "/notes/" + id, null);
  }

  private static Answer showNote(String id) throws IOException {
    Object text = Store.call("GET", "note:" + id);
    if (text == null) return new Answer(404, "there is no such note\n");
    return new Answer(200, page("<h1>" + escaped(text) + "</h1>\n<p><a href=\"/\">all notes</a></p>"));
  }

  private static String page(String body) {
    return "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Notes</title>\n<body>" + body + "</body></html>\n";
  }

  private static String escaped(Object text) {
    return String.valueOf(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }

  private static long number(Object text) {
    return text == null ? 0 : Long.parseLong(text.toString());
  }
}

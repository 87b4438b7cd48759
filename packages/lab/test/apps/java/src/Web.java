import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

final class Web {
  private static final AtomicInteger inHand = new AtomicInteger();
  private static volatile boolean stopping = false;

  public static void main(String[] arguments) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server = HttpServer.create(new InetSocketAddress(Config.HOST, Config.PORT), 0);
    server.setExecutor(Executors.newFixedThreadPool(16));
    server.createContext("/", Web::serve);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
    server.start();
    System.out.println("listening on " + Config.HOST + ":" + Config.PORT);
  }

  private static void serve(HttpExchange exchange) {
    inHand.incrementAndGet();
    String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    long began = System.nanoTime();
    Pages.Answer answer;
    try (exchange) {
      try {
        answer = Pages.answer(exchange);
      } catch (IOException | RuntimeException error) {
        System.out.println("error: " + request + ": " + error.getClass().getSimpleName());
        answer = new Pages.Answer(500, "something went wrong\n");
      }
      send(exchange, answer);
      System.out.println(request + " " + answer.status() + " " + (System.nanoTime() - began) / 1_000_000 + "ms");
    } catch (IOException gone) {
      System.out.println(request + ": the client went away");
    } finally {
      inHand.decrementAndGet();
    }
  }

  private static void send(HttpExchange exchange, Pages.Answer answer) throws IOException {
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    Headers headers = exchange.getResponseHeaders();
    String type = answer.body().startsWith("<") ? "text/html" : answer.body().startsWith("{") ? "application/json" : "text/plain";
    headers.set("Content-Type", type + "; charset=utf-8");
    if (answer.location() != null) headers.set("Location", answer.location());
    if (answer.cookie() != null) headers.set("Set-Cookie", answer.cookie());
    if (stopping) headers.set("Connection", "close");
    boolean isHead = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(answer.status(), isHead || body.length == 0 ? -1 : body.length);
    if (!isHead && body.length > 0) exchange.getResponseBody().write(body);
  }

  /** Runs at SIGTERM and SIGINT. The server's own stop waits to the end of its time where it has nothing in hand. */
  private static void stop(HttpServer server) {
    stopping = true;
    System.out.println("finishing");
    Thread closing = new Thread(() -> server.stop(9));
    closing.setDaemon(true);
    closing.start();
    long began = System.nanoTime();
    while (passedMs(began) < 300 || (inHand.get() > 0 && passedMs(began) < 9_000)) pause(20);
    System.out.println("stopped");
    // Else it would end with 143.
    Runtime.getRuntime().halt(0);
  }

  private static long passedMs(long began) {
    return (System.nanoTime() - began) / 1_000_000;
  }

  private static void pause(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException nobodyDoes) {
      throw new IllegalStateException(nobodyDoes);
    }
  }
}

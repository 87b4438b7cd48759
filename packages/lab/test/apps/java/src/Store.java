import java.io.IOException;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Connections that are free. Each is made when it is needed, and one that was lost meanwhile is not used again. */
final class Store {
  private static final ConcurrentLinkedQueue<Redis> FREE = new ConcurrentLinkedQueue<>();

  static Object call(Object... words) throws IOException {
    Redis connection = free();
    if (connection == null) connection = new Redis(Config.REDIS_URL);
    try {
      Object answer = connection.call(words);
      FREE.add(connection);
      return answer;
    } catch (IOException | RuntimeException error) {
      connection.close();
      throw error;
    }
  }

  static List<?> list(Object... words) throws IOException {
    return (List<?>) call(words);
  }

  private static Redis free() throws IOException {
    for (Redis each = FREE.poll(); each != null; each = FREE.poll()) {
      if (!each.isLost()) return each;
      each.close();
    }
    return null;
  }
}

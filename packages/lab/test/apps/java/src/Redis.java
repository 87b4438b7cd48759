import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client for Redis: enough of its protocol for this app. */
final class Redis implements AutoCloseable {
  private static final int PATIENCE_MS = 6_000;
  private final Socket socket = new Socket();
  private final InputStream in;

  Redis(String url) throws IOException {
    URI address = URI.create(url);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MS);
    try {
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort() < 0 ? 6379 : address.getPort()), PATIENCE_MS);
      in = new BufferedInputStream(socket.getInputStream());
      if (address.getUserInfo() != null) {
        String[] words = address.getUserInfo().split(":", 2);
        if (words[0].isEmpty() || words.length < 2) call("AUTH", words[words.length - 1]);
        else call("AUTH", words[0], words[1]);
      }
      String number = address.getPath().replace("/", "");
      if (!number.isEmpty() && !number.equals("0")) call("SELECT", number);
    } catch (IOException | RuntimeException error) {
      socket.close();
      throw error;
    }
  }

  /** A String, a Long, a List of them, or null. */
  Object call(Object... words) throws IOException {
    ByteArrayOutputStream command = new ByteArrayOutputStream();
    command.writeBytes(("*" + words.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
    for (Object word : words) {
      byte[] bytes = word.toString().getBytes(StandardCharsets.UTF_8);
      command.writeBytes(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
      command.writeBytes(bytes);
      command.writeBytes(new byte[] {'\r', '\n'});
    }
    socket.getOutputStream().write(command.toByteArray());
    return answer();
  }

  private Object answer() throws IOException {
    String line = line();
    String rest = line.substring(1);
    switch (line.charAt(0)) {
      case '+':
        return rest;
      case ':':
        return Long.valueOf(rest);
      case '$':
        if (rest.equals("-1")) return null;
        byte[] bytes = in.readNBytes(Integer.parseInt(rest) + 2);
        return new String(bytes, 0, bytes.length - 2, StandardCharsets.UTF_8);
      case '*':
        List<Object> list = new ArrayList<>();
        for (int left = Integer.parseInt(rest); left > 0; left--) list.add(answer());
        return list;
      default:
        throw new IOException("Redis said " + rest.split(" ")[0]);
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int each = in.read(); each != '\r'; each = in.read()) {
      if (each < 0) throw new EOFException("Redis hung up");
      line.append((char) each);
    }
    in.read();
    return line.toString();
  }

  /** Nobody asked anything: what there is to read is the end. */
  boolean isLost() {
    try {
      socket.setSoTimeout(1);
      in.read();
      return true;
    } catch (SocketTimeoutException quiet) {
      try {
        socket.setSoTimeout(PATIENCE_MS);
        return false;
      } catch (IOException gone) {
        return true;
      }
    } catch (IOException gone) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The cookie names the session and is set anew each time, so that it lives on; the count is in the store. */
final class Sessions {
  private static final Pattern COOKIE = Pattern.compile("(?:^|; )visitor=([0-9a-f]{32})\\.([0-9a-f]{64})");
  private static final int SECONDS = 1_209_600;

  static String idIn(String cookies) {
    Matcher match = COOKIE.matcher(cookies == null ? "" : cookies);
    if (match.find() && MessageDigest.isEqual(match.group(2).getBytes(), signature(match.group(1)).getBytes())) return match.group(1);
    byte[] bytes = new byte[16];
    new SecureRandom().nextBytes(bytes);
    return hex(bytes);
  }

  static Object countVisit(String id) throws IOException {
    Object visits = Store.call("INCR", "session:" + id);
    Store.call("EXPIRE", "session:" + id, SECONDS);
    return visits;
  }

  static String cookie(String id) {
    return "visitor=" + id + "." + signature(id) + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + SECONDS;
  }

  private static String signature(String id) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Config.SESSION_SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return hex(mac.doFinal(id.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String hex(byte[] bytes) {
    return String.format("%0" + bytes.length * 2 + "x", new BigInteger(1, bytes));
  }
}

/** Config is the environment's. */
final class Config {
  /** EX_CONFIG: trying again is no use. */
  private static final int CONFIG_ERROR = 78;

  static final String REDIS_URL = required("REDIS_URL");
  static final String SESSION_SECRET = required("SESSION_SECRET");
  static final String GREETING = optional("GREETING", "Hello");
  // Not localhost: a router on another machine must get here.
  static final String HOST = optional("HOST", "0.0.0.0");
  static final int PORT = Integer.parseInt(optional("PORT", "5000"));

  /** Ends the process where something is missing, before it does anything. */
  static void check() {
    // That the class was loaded is all.
  }

  private static String required(String name) {
    String value = optional(name, "");
    if (!value.isEmpty()) return value;
    System.out.println(name + " is missing: set it in the environment");
    System.exit(CONFIG_ERROR);
    return null;
  }

  private static String optional(String name, String fallback) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? fallback : value;
  }
}

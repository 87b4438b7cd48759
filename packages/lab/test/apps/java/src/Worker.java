import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

final class Worker {
  private static final String NAME = UUID.randomUUID().toString();
  private static final String MINE = "jobs:working:" + NAME;
  /** How long a worker counts as alive after its last sign of life. */
  private static final int ALIVE_MS = 3_000;
  /** Counted once, even if it was given to another worker meanwhile. */
  private static final String FINISH = "if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('INCR', KEYS[2]) end";
  private static final CountDownLatch stopping = new CountDownLatch(1);

  public static void main(String[] arguments) throws InterruptedException {
    Config.check();
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(main)));
    System.out.println("waiting for jobs");
    long looked = 0;
    while (stopping.getCount() > 0) {
      try {
        if (System.nanoTime() - looked > 1_000_000_000L) {
          takeBack();
          looked = System.nanoTime();
        }
        if (!workOnce()) stopping.await(250, TimeUnit.MILLISECONDS);
      } catch (IOException error) {
        System.out.println("error: " + error.getClass().getSimpleName());
        stopping.await(1, TimeUnit.SECONDS);
      }
    }
    System.out.println("stopped");
  }

  /** A job lies in this worker's own list until it is done: whoever dies in between leaves it there. */
  private static boolean workOnce() throws IOException, InterruptedException {
    Store.call("SADD", "workers", NAME);
    Store.call("SET", "worker:" + NAME, "alive", "PX", ALIVE_MS);
    Object job = Store.call("LMOVE", "jobs:waiting", MINE, "RIGHT", "LEFT");
    if (job == null) return false;
    Thread.sleep(300);
    Store.call("EVAL", FINISH, 2, MINE, "jobs:done", job);
    System.out.println("job " + job + " done");
    return true;
  }

  /** Jobs of workers without a sign of life wait again. */
  private static void takeBack() throws IOException {
    for (Object name : Store.list("SMEMBERS", "workers")) {
      if (Store.call("EXISTS", "worker:" + name).equals(1L)) continue;
      Object job;
      do job = Store.call("LMOVE", "jobs:working:" + name, "jobs:waiting", "LEFT", "RIGHT");
      while (job != null);
      Store.call("SREM", "workers", name);
    }
  }

  private static void stop(Thread main) {
    stopping.countDown();
    try {
      main.join(9_000);
    } catch (InterruptedException nobodyDoes) {
      throw new IllegalStateException(nobodyDoes);
    }
    // Else it would end with 143.
    Runtime.getRuntime().halt(0);
  }
}

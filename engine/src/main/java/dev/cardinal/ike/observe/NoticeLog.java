package dev.cardinal.ike.observe;

import dev.cardinal.ike.loop.NoticeSink;
import dev.cardinal.ike.loop.Ring;
import dev.cardinal.ike.sa.SaNotice;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Notices to log lines, worded and written on a thread of its own: a loop only queues, and never waits for a disk or a
 * terminal. Kinds that a peer can cause at will are bounded in rate, each for itself; what was left out is counted in a line.
 */
public final class NoticeLog implements NoticeSink, AutoCloseable {
    /** Notices that may wait for the writer; a power of two. More are dropped and counted. */
    static final int QUEUE_LIMIT = 1 << 14;

    /** Lines of one kind in each window, of those kinds that a peer can cause. */
    static final int LINES_PER_WINDOW = 20;

    static final long WINDOW_NANOS = 1_000_000_000L;

    /** The writer rests so long between two rounds, so that a busy loop need not wake it for each notice. */
    private static final long REST_NANOS = 10_000_000L;

    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);
    private static final Logger log = LoggerFactory.getLogger("dev.cardinal.ike");

    private final Ring<SaNotice> queue = new Ring<>(QUEUE_LIMIT);
    private final LongAdder lost = new LongAdder();
    private final BiConsumer<Level, String> lines;
    private final Predicate<Level> wanted;
    private final LongSupplier clock;
    private final Map<NoticeKind, Window> windows = new EnumMap<>(NoticeKind.class);
    private long lostReported;
    private @Nullable Thread writer;
    private volatile boolean parked;
    private volatile boolean closing;

    /** Lines of one kind in a stretch of time. */
    private static final class Window {
        private long beganNanos;
        private int written;
        private long suppressed;
    }

    private NoticeLog(Predicate<Level> wanted, BiConsumer<Level, String> lines, LongSupplier clock) {
        this.wanted = wanted;
        this.lines = lines;
        this.clock = clock;
    }

    /** Begins to write to the logger {@code dev.cardinal.ike}. */
    public static NoticeLog start() {
        NoticeLog notices = new NoticeLog(
                log::isEnabledForLevel, (level, line) -> log.atLevel(level).log(line), System::nanoTime);
        notices.writer = Thread.ofPlatform().name("notices").daemon().start(notices::write);
        return notices;
    }

    /** Without a thread: {@link #drain} writes. */
    static NoticeLog undriven(BiConsumer<Level, String> lines, LongSupplier clock) {
        return new NoticeLog(level -> true, lines, clock);
    }

    @Override
    public void onNotice(SaNotice notice) {
        if (!queue.offer(notice)) {
            lost.increment();
        }
        if (parked) {
            LockSupport.unpark(writer);
        }
    }

    /** Notices that found the queue full, since start. */
    public long lost() {
        return lost.sum();
    }

    /** Writes what is queued and ends. */
    @Override
    public void close() {
        closing = true;
        Thread thread = writer;
        if (thread != null) {
            LockSupport.unpark(thread);
            try {
                thread.join(CLOSE_WAIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void write() {
        while (true) {
            drain();
            if (closing && queue.isEmpty()) {
                endWindows();
                return;
            }
            LockSupport.parkNanos(this, REST_NANOS);
            parked = true;
            if (queue.isEmpty() && !closing) {
                LockSupport.parkNanos(this, WINDOW_NANOS); // wakes to report what was suppressed
            }
            parked = false;
        }
    }

    /** Writes everything that is queued now. */
    void drain() {
        for (SaNotice notice = queue.poll(); notice != null; notice = queue.poll()) {
            writeOne(notice);
        }
        long now = clock.getAsLong();
        windows.forEach((kind, window) -> {
            if (now - window.beganNanos >= WINDOW_NANOS) {
                end(kind, window);
            }
        });
        long lostNow = lost.sum();
        if (lostNow > lostReported) {
            lines.accept(Level.WARN, (lostNow - lostReported) + " notices were lost: the log is too slow");
            lostReported = lostNow;
        }
    }

    private void writeOne(SaNotice notice) {
        NoticeKind kind = NoticeKind.of(notice);
        if (kind.isAtWill() && !admit(kind)) {
            return;
        }
        if (wanted.test(kind.level())) {
            lines.accept(kind.level(), NoticeWords.of(notice));
        }
    }

    private boolean admit(NoticeKind kind) {
        long now = clock.getAsLong();
        Window window = windows.get(kind);
        if (window == null) {
            window = new Window();
            window.beganNanos = now;
            windows.put(kind, window);
        } else if (now - window.beganNanos >= WINDOW_NANOS) {
            end(kind, window);
            window.beganNanos = now;
            window.written = 0;
        }
        if (window.written >= LINES_PER_WINDOW) {
            window.suppressed++;
            return false;
        }
        window.written++;
        return true;
    }

    private void endWindows() {
        windows.forEach(this::end);
    }

    private void end(NoticeKind kind, Window window) {
        if (window.suppressed > 0) {
            lines.accept(kind.level(), window.suppressed + " more notices of kind " + kind + " were suppressed");
            window.suppressed = 0;
        }
    }
}

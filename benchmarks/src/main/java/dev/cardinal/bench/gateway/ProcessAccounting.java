package dev.cardinal.bench.gateway;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What the system has counted for one process: {@code /proc/PID/stat} and {@code status} of proc(5). */
public final class ProcessAccounting {
    /** USER_HZ, which Linux has fixed for what it tells user space. */
    private static final long TICKS_PER_SECOND = 100;

    // fields after the command's name, which may hold blanks, counted from the state as 0
    private static final int UTIME = 11;
    private static final int STIME = 12;

    private final long pid;

    /**
     * A reading.
     *
     * @param userNanos processor time in user mode of all threads that ever were, in steps of 10 ms
     * @param systemNanos the same in the kernel
     * @param atNanos when, on {@link System#nanoTime}
     */
    public record Reading(long userNanos, long systemNanos, long atNanos) {

        public long cpuNanos() {
            return userNanos + systemNanos;
        }

        /** What was used between an earlier reading and this one. */
        public Reading since(Reading earlier) {
            return new Reading(
                    userNanos - earlier.userNanos, systemNanos - earlier.systemNanos, atNanos - earlier.atNanos);
        }
    }

    public ProcessAccounting(long pid) {
        this.pid = pid;
    }

    public long pid() {
        return pid;
    }

    /** @throws IOException where the process has ended */
    public Reading read() throws IOException {
        String text = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
        long nanosPerTick = 1_000_000_000L / TICKS_PER_SECOND;
        return new Reading(
                Long.parseLong(fields[UTIME]) * nanosPerTick,
                Long.parseLong(fields[STIME]) * nanosPerTick,
                System.nanoTime());
    }

    /** Resident octets now. */
    public long residentOctets() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"));
        for (String line : lines) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("process " + pid + " has no resident set: it has ended");
    }
}

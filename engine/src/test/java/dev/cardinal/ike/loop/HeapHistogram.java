package dev.cardinal.ike.loop;

import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import javax.management.JMException;
import javax.management.ObjectName;

/** Live objects by class, after a full collection: what {@code jcmd PID GC.class_histogram} prints. */
record HeapHistogram(Map<String, Entry> classes) {
    private static final int COLUMNS = 4;

    /** Objects of one class, and their octets without what they refer to. */
    record Entry(long objects, long octets) {
        private static final Entry NONE = new Entry(0, 0);
    }

    static HeapHistogram take() {
        try {
            String text = (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()});
            return parse(text);
        } catch (JMException e) {
            throw new IllegalStateException("no class histogram to be had", e);
        }
    }

    private static HeapHistogram parse(String text) {
        Map<String, Entry> classes = new HashMap<>();
        text.lines().map(line -> line.trim().split("\\s+", -1)).forEach(columns -> {
            if (columns.length >= COLUMNS && columns[0].endsWith(":") && !columns[0].equals("Total:")) {
                Entry entry = new Entry(Long.parseLong(columns[1]), Long.parseLong(columns[2]));
                // a class may be loaded more than once; a histogram must not weigh much itself
                classes.merge(
                        columns[3].intern(),
                        entry,
                        (a, b) -> new Entry(a.objects() + b.objects(), a.octets() + b.octets()));
            }
        });
        return new HeapHistogram(Map.copyOf(classes));
    }

    /** What came and what went since an earlier moment. Classes without a change are left out. */
    HeapHistogram since(HeapHistogram earlier) {
        Map<String, Entry> changes = new HashMap<>();
        Map<String, Entry> all = new HashMap<>(earlier.classes);
        all.putAll(classes);
        for (String name : all.keySet()) {
            Entry now = classes.getOrDefault(name, Entry.NONE);
            Entry then = earlier.classes.getOrDefault(name, Entry.NONE);
            if (!now.equals(then)) {
                changes.put(name, new Entry(now.objects() - then.objects(), now.octets() - then.octets()));
            }
        }
        return new HeapHistogram(changes);
    }

    long octets() {
        return classes.values().stream().mapToLong(Entry::octets).sum();
    }

    /** Objects by class name, of the classes wanted. */
    Map<String, Long> objects(Predicate<String> wanted) {
        Map<String, Long> found = new TreeMap<>();
        classes.forEach((name, entry) -> {
            if (wanted.test(name)) {
                found.put(name, entry.objects());
            }
        });
        return found;
    }

    /** Octets and objects for each of {@code n} things, the largest classes first. */
    String perThing(int n) {
        StringBuilder text = new StringBuilder("%8.0f octets in all%n".formatted((double) octets() / n));
        List<Map.Entry<String, Entry>> sorted = classes.entrySet().stream()
                .sorted((a, b) ->
                        Long.compare(b.getValue().octets(), a.getValue().octets()))
                .filter(each -> Math.abs(each.getValue().octets()) >= n)
                .toList();
        for (Map.Entry<String, Entry> each : sorted) {
            text.append("%8.1f %6.2f  %s%n"
                    .formatted(
                            (double) each.getValue().octets() / n,
                            (double) each.getValue().objects() / n,
                            each.getKey()));
        }
        return text.toString();
    }
}

package dev.cardinal.ike.observe;

import dev.cardinal.ike.loop.NoticeSink;
import dev.cardinal.ike.sa.SaNotice;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Notices by kind, closings by reason; added to by every loop, read by anyone. */
public final class NoticeCounters implements NoticeSink {
    private final Map<NoticeKind, LongAdder> kinds = new EnumMap<>(NoticeKind.class);
    private final Map<SaNotice.CloseReason, LongAdder> reasons = new EnumMap<>(SaNotice.CloseReason.class);

    public NoticeCounters() {
        for (NoticeKind kind : NoticeKind.values()) {
            kinds.put(kind, new LongAdder());
        }
        for (SaNotice.CloseReason reason : SaNotice.CloseReason.values()) {
            reasons.put(reason, new LongAdder());
        }
    }

    @Override
    public void onNotice(SaNotice notice) {
        increment(kinds.get(NoticeKind.of(notice)));
        if (notice instanceof SaNotice.IkeClosed closed) {
            increment(reasons.get(closed.reason()));
        }
    }

    /** Notices since start. */
    public Map<NoticeKind, Long> byKind() {
        return sums(kinds, NoticeKind.class);
    }

    /** Closed IKE SAs since start. */
    public Map<SaNotice.CloseReason, Long> byReason() {
        return sums(reasons, SaNotice.CloseReason.class);
    }

    private static void increment(@org.jspecify.annotations.Nullable LongAdder adder) {
        if (adder != null) {
            adder.increment();
        }
    }

    private static <K extends Enum<K>> Map<K, Long> sums(Map<K, LongAdder> adders, Class<K> type) {
        Map<K, Long> sums = new EnumMap<>(type);
        adders.forEach((key, adder) -> sums.put(key, adder.sum()));
        return Collections.unmodifiableMap(sums);
    }
}

package dev.cardinal.ike.loop;

import dev.cardinal.ike.sa.SaNotice;

/** Takes what SAs report, from every loop; must neither block nor throw. */
@FunctionalInterface
public interface NoticeSink {

    void onNotice(SaNotice notice);

    /** Both, one after the other. */
    default NoticeSink and(NoticeSink next) {
        return notice -> {
            onNotice(notice);
            next.onNotice(notice);
        };
    }
}

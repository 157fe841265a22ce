package dev.cardinal.ike.sad;

import dev.cardinal.ike.sa.ChildKeys;
import dev.cardinal.ike.sa.ChildSa;
import dev.cardinal.ike.sa.SadPort;

/** Writes the keys of Child SAs to a debug log before another port installs them. */
public final class KeyLogSad implements SadPort {
    private final SadPort installer;
    private final KeyLog keyLog;

    public KeyLogSad(SadPort installer, KeyLog keyLog) {
        this.installer = installer;
        this.keyLog = keyLog;
    }

    @Override
    public void install(ChildSa child, ChildKeys keys, Completion completion) {
        keyLog.installed(child, keys);
        installer.install(child, keys, completion);
    }

    @Override
    public void remove(ChildSa child) {
        installer.remove(child);
    }
}

package dev.cardinal.ike.sa;

import org.jspecify.annotations.Nullable;

/** Where Child SAs are installed: a kernel, a userland ESP, or a record of what would be. */
public interface SadPort {

    /**
     * Installs both directions.
     *
     * @param keys pass to the port, which closes them
     * @param completion called exactly once, on any thread, perhaps before this returns
     */
    void install(ChildSa child, ChildKeys keys, Completion completion);

    /** Removes both directions; unknown ones are ignored. */
    void remove(ChildSa child);

    /** Receives the answer of an installation. */
    @FunctionalInterface
    interface Completion {
        /** @param failure null where it succeeded */
        void completed(@Nullable String failure);
    }
}

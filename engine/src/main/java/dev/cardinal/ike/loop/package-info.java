/** The imperative shell: threads, tables, timers and gates around IKE SAs. Knows ports, not back ends. */
@NullMarked
package dev.cardinal.ike.loop;

import org.jspecify.annotations.NullMarked;

/** Responders under test, each in a process of its own, and what the system counts for them. */
@NullMarked
package dev.cardinal.bench.gateway;

import org.jspecify.annotations.NullMarked;

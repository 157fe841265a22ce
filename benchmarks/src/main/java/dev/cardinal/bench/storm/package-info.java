/** A reconnect storm: all clients of a gateway come back at once. */
@NullMarked
package dev.cardinal.bench.storm;

import org.jspecify.annotations.NullMarked;

/** Cardinal beside a peer: both as responders on one processor in turn, and what a handshake costs each. */
@NullMarked
package dev.cardinal.bench.compare;

import org.jspecify.annotations.NullMarked;

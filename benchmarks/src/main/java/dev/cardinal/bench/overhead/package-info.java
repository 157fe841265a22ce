/** What a handshake costs a gateway beyond its public-key arithmetic. */
@NullMarked
package dev.cardinal.bench.overhead;

import org.jspecify.annotations.NullMarked;

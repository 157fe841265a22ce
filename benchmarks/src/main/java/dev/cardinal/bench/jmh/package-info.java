/** JMH benchmarks of the engine and the token path. */
@NullMarked
package dev.cardinal.bench.jmh;

import org.jspecify.annotations.NullMarked;

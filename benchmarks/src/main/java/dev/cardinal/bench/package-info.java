/** JMH benchmarks of the engine and the token path. */
@NullMarked
package dev.cardinal.bench;

import org.jspecify.annotations.NullMarked;

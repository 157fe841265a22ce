/** The command line of the benchmarks that are no JMH. */
@NullMarked
package dev.cardinal.bench;

import org.jspecify.annotations.NullMarked;

/** The load generator: suites, a fleet of clients with credentials, closed and open loops, what they measured. */
@NullMarked
package dev.cardinal.bench.load;

import org.jspecify.annotations.NullMarked;

/** What a great many established SAs cost. */
@NullMarked
package dev.cardinal.bench.scale;

import org.jspecify.annotations.NullMarked;

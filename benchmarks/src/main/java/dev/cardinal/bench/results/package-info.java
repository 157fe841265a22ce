/** Runs the benchmarks one after another and makes the page of their figures. */
@NullMarked
package dev.cardinal.bench.results;

import org.jspecify.annotations.NullMarked;

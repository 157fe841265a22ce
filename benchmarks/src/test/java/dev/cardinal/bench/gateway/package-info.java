@NullMarked
package dev.cardinal.bench.gateway;

import org.jspecify.annotations.NullMarked;

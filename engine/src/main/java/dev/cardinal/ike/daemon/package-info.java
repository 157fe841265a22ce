/** Constructs everything by hand, where it can be read. */
@NullMarked
package dev.cardinal.ike.daemon;

import org.jspecify.annotations.NullMarked;

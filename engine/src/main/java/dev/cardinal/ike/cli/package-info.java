/** The commands. */
@NullMarked
package dev.cardinal.ike.cli;

import org.jspecify.annotations.NullMarked;

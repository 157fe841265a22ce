/** Where Child SAs are installed. */
@NullMarked
package dev.cardinal.ike.sad;

import org.jspecify.annotations.NullMarked;

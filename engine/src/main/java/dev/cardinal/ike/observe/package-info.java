/** What an operator reads: notices as log lines and counters, SAs as listings. */
@NullMarked
package dev.cardinal.ike.observe;

import org.jspecify.annotations.NullMarked;

/** The daemon against strongSwan, each in a network namespace of its own. Needs root. */
@NullMarked
package dev.cardinal.ike.interop;

import org.jspecify.annotations.NullMarked;

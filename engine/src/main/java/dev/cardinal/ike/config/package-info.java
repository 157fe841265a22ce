/** The operator's text, made into immutable and already valid records; every error names file, line and key. */
@NullMarked
package dev.cardinal.ike.config;

import org.jspecify.annotations.NullMarked;

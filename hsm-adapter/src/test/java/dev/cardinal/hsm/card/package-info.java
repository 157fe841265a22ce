/** The crypto card as other consumers of PKCS#11 see it. */
@org.jspecify.annotations.NullMarked
package dev.cardinal.hsm.card;

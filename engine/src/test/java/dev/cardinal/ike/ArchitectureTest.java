package dev.cardinal.ike;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.cardinal.ike.crypto.Secret;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The rooms of the engine, and what each may know of the others. */
class ArchitectureTest {
    private static final String ROOT = "dev.cardinal.ike";
    private static final JavaClasses ENGINE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    /** The core: values and state machines without an outer world. */
    private static final String[] CORE = {
        ROOT + ".wire..", ROOT + ".crypto..", ROOT + ".sa..", ROOT + ".ikev1..", ROOT + ".ikev2.."
    };

    @Test
    void everyPackageKnowsOnlyThoseBelowIt() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true)
                .layer("wire")
                .definedBy(ROOT + ".wire..")
                .layer("crypto")
                .definedBy(ROOT + ".crypto..")
                .layer("sa")
                .definedBy(ROOT + ".sa..")
                .layer("ikev2")
                .definedBy(ROOT + ".ikev2..")
                .layer("ikev1")
                .definedBy(ROOT + ".ikev1..")
                .layer("net")
                .definedBy(ROOT + ".net..")
                .layer("sad")
                .definedBy(ROOT + ".sad..")
                .layer("backend")
                .definedBy(ROOT + ".backend..")
                .layer("loop")
                .definedBy(ROOT + ".loop..")
                .layer("config")
                .definedBy(ROOT + ".config..")
                .layer("observe")
                .definedBy(ROOT + ".observe..")
                .layer("control")
                .definedBy(ROOT + ".control..")
                .layer("daemon")
                .definedBy(ROOT + ".daemon..")
                .layer("cli")
                .definedBy(ROOT + ".cli..")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("daemon")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("control")
                .mayOnlyBeAccessedByLayers("daemon", "cli")
                .whereLayer("observe")
                .mayOnlyBeAccessedByLayers("control", "daemon", "cli")
                .whereLayer("config")
                .mayOnlyBeAccessedByLayers("observe", "control", "daemon", "cli")
                .whereLayer("loop")
                .mayOnlyBeAccessedByLayers("config", "observe", "control", "daemon", "cli")
                .whereLayer("backend")
                .mayOnlyBeAccessedByLayers("config", "daemon", "cli")
                .whereLayer("sad")
                .mayOnlyBeAccessedByLayers("daemon", "cli")
                .whereLayer("net")
                .mayOnlyBeAccessedByLayers("loop", "daemon", "cli")
                .whereLayer("ikev1")
                .mayOnlyBeAccessedByLayers("loop")
                .whereLayer("ikev2")
                .mayOnlyBeAccessedByLayers("loop")
                .check(ENGINE);
    }

    @Test
    void noPackageIsPartOfACycle() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(ENGINE);
    }

    @Test
    void theCoreHasNoOuterWorld() {
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(
                        named("sockets, channels, threads, executors, clocks, randomness or loggers", type -> {
                            String name = type.getName();
                            return name.startsWith("java.util.concurrent.")
                                    || name.startsWith("java.nio.channels.")
                                    || name.startsWith("io.netty.")
                                    || name.startsWith("org.slf4j.")
                                    || name.startsWith("java.util.logging.")
                                    || name.startsWith("java.time.")
                                    || (name.startsWith("java.net.") && name.endsWith("Socket"))
                                    || name.equals("java.lang.Thread")
                                    || name.equals("java.util.Timer")
                                    || name.equals("java.util.Random")
                                    || name.equals("java.security.SecureRandom");
                        }))
                .check(ENGINE);
        noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(ENGINE);
    }

    @Test
    void theTwoVersionsOfIkeDoNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".ikev2..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".ikev1..")
                .check(ENGINE);
    }

    @Test
    void nativeAccessHasItsPlaces() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".sad.xfrm..", ROOT + ".sad.tun..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.sun.jna..")
                .check(ENGINE);
    }

    @Test
    void tokensAreKnownToBackendDaemonAndCommands() {
        // the commands "token", "pki" and "demo" work on tokens without a gateway
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".backend..", ROOT + ".daemon..", ROOT + ".cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.cardinal.hsm..")
                .check(ENGINE);
    }

    @Test
    void onlyFewReadTheOctetsOfASecret() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".crypto..", ROOT + ".backend..", ROOT + ".sad..")
                .should()
                .callMethod(Secret.class, "lend", java.util.function.Function.class)
                .check(ENGINE);
    }

    @Test
    void typesAreClosed() {
        classes()
                .that()
                .areNotInterfaces()
                .and()
                .areNotAnonymousClasses()
                .and()
                .areNotEnums()
                .should(beFinalOrSealed())
                .check(ENGINE);
    }

    @Test
    void everyPackageIsNullMarked() {
        classes().should(liveInANullMarkedPackage()).check(ENGINE);
    }

    @Test
    void namesSayWhatATypeIs() {
        classes().should(haveATellingName()).check(ENGINE);
    }

    private static DescribedPredicate<JavaClass> named(
            String description, java.util.function.Predicate<JavaClass> test) {
        return DescribedPredicate.describe(description, test);
    }

    private static ArchCondition<JavaClass> beFinalOrSealed() {
        return new ArchCondition<>("be final, a record or sealed") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                boolean closed = item.getModifiers().contains(JavaModifier.FINAL)
                        || item.reflect().isSealed()
                        || item.getSimpleName().isEmpty();
                events.add(new SimpleConditionEvent(item, closed, item.getName() + " can be extended by anybody"));
            }
        };
    }

    private static ArchCondition<JavaClass> liveInANullMarkedPackage() {
        return new ArchCondition<>("live in a package that is @NullMarked") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                boolean marked = item.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(new SimpleConditionEvent(item, marked, item.getPackageName() + " is not @NullMarked"));
            }
        };
    }

    private static ArchCondition<JavaClass> haveATellingName() {
        return new ArchCondition<>("be called by a telling noun") {
            @Override
            public void check(JavaClass item, ConditionEvents events) {
                boolean vague = List.of("Manager", "Helper", "Util", "Utils", "Impl").stream()
                                .anyMatch(item.getSimpleName()::endsWith)
                        || item.getSimpleName().startsWith("Abstract");
                events.add(new SimpleConditionEvent(item, !vague, item.getName() + " wants a better noun"));
            }
        };
    }
}

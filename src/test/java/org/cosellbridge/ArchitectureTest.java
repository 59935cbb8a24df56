package org.cosellbridge;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import jakarta.transaction.Transactional;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Which room may know which. Every message says how to comply. */
class ArchitectureTest {
    private static final String ROOT = "org.cosellbridge";

    /** The allow-list: a room, and the rooms it may use beside itself and {@code platform}, which everybody may. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("platform", Set.of()),
            Map.entry("broker", Set.of()),
            Map.entry("referral", Set.of()),
            Map.entry("mapping", Set.of("referral")),
            Map.entry("connector", Set.of()),
            Map.entry("connector.partnercenter", Set.of("connector", "referral", "http")),
            Map.entry("connector.dynamics", Set.of("connector", "referral", "http")),
            Map.entry("connector.salesforce", Set.of("connector", "referral", "http")),
            Map.entry("http", Set.of()),
            Map.entry("audit", Set.of("referral")),
            Map.entry("sync", Set.of("referral", "mapping", "connector", "audit")),
            Map.entry("queue", Set.of("sync", "referral", "connector", "audit")),
            Map.entry("webhook", Set.of("queue", "sync", "connector", "http", "referral", "audit")),
            Map.entry("schedule", Set.of("sync", "queue", "webhook", "audit", "connector")),
            Map.entry("access", Set.of("audit")));

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void everyRoomUsesOnlyTheRoomsItMay() {
        classes()
                .should(new ArchCondition<JavaClass>("use only the rooms their room may know") {
                    @Override
                    public void check(JavaClass from, ConditionEvents events) {
                        String room = room(from);
                        Set<String> allowed = MAY_USE.get(room);
                        if (room.isEmpty()) {
                            return; // the root holds the activator and the clock
                        }
                        if (allowed == null) {
                            events.add(SimpleConditionEvent.violated(
                                    from,
                                    "Package " + from.getPackageName()
                                            + " is no room: put the class into a room of the list."));
                            return;
                        }
                        for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                            JavaClass target = dependency.getTargetClass();
                            String other = room(target);
                            if (!target.getPackageName().startsWith(ROOT)
                                    || other.equals(room)
                                    || other.equals("platform")
                                    || allowed.contains(other)) {
                                continue;
                            }
                            events.add(
                                    SimpleConditionEvent.violated(
                                            from,
                                            dependency.getDescription() + ". Room " + room + " may use " + allowed
                                                    + " and platform: move the class, or state a port in the room that needs it."));
                        }
                    }
                })
                .check(PRODUCT);
    }

    @Test
    void theDomainAndTheMappingKnowNoContainer() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + ".referral..", ROOT + ".mapping..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "jakarta.enterprise..",
                        "jakarta.persistence..",
                        "jakarta.ejb..",
                        "jakarta.ws..",
                        "jakarta.jms..",
                        "java.net.http..")
                .because("they are plain Java: hand them values, and call them from sync")
                .check(PRODUCT);
    }

    @Test
    void classNamesSayWhatTheyAre() {
        DescribedPredicate<JavaClass> namesNothing = DescribedPredicate.describe(
                "have a name that names nothing",
                type -> Stream.of(
                                        "Impl",
                                        "Util",
                                        "Utils",
                                        "Helper",
                                        "Manager",
                                        "Processor",
                                        "Handler",
                                        "Service",
                                        "Dto",
                                        "Data",
                                        "Info",
                                        "Base")
                                .anyMatch(suffix -> type.getSimpleName().endsWith(suffix))
                        || type.getSimpleName().startsWith("Default"));
        noClasses()
                .that(namesNothing)
                .should()
                .resideInAPackage(ROOT + "..")
                .because("a name says what the thing is in the words of the dictionary: rename it after what it does")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void nothingStaticChanges() {
        fields().that()
                .areStatic()
                .and()
                .areNotFinal()
                .and()
                .doNotHaveModifier(com.tngtech.archunit.core.domain.JavaModifier.SYNTHETIC)
                .should()
                .bePrivate()
                .andShould()
                .beFinal()
                .because("state belongs to a bean: make the field final, or a member of a @Singleton")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void entitiesArePackagePrivate() {
        classes()
                .that()
                .areAnnotatedWith(jakarta.persistence.Entity.class)
                .should()
                .bePackagePrivate()
                .because("a table belongs to one room: let the repository answer records")
                .allowEmptyShould(true)
                .check(PRODUCT);
    }

    @Test
    void everyRepositoryIsTransactional() {
        classes()
                .that(new DescribedPredicate<JavaClass>("keep an entity manager") {
                    @Override
                    public boolean test(JavaClass type) {
                        return type.getFields().stream()
                                .anyMatch(field -> field.getRawType().isEquivalentTo(EntityManager.class)
                                        && !field.isAnnotatedWith(PersistenceContext.class));
                    }
                })
                .should()
                .beAnnotatedWith(Transactional.class)
                .orShould()
                .haveSimpleName("JpaAuditTrail")
                .because(
                        "an entity manager outside of a transaction is shared with tasks of managed executors on Payara"
                                + " and closed by them: annotate the class, so that reading has a transaction, too")
                .check(PRODUCT);
    }

    @Test
    void everyEntityIsListedForBothProviders() throws IOException {
        String listed = Files.readString(Path.of("src/main/resources/META-INF/persistence.xml"));
        List<String> missing = PRODUCT.stream()
                .filter(type -> type.isAnnotatedWith(jakarta.persistence.Entity.class)
                        || type.isAnnotatedWith(jakarta.persistence.Converter.class))
                .map(JavaClass::getName)
                .filter(name -> !listed.contains("<class>" + name + "</class>"))
                .toList();
        Assertions.assertThat(missing)
                .as("entities that persistence.xml does not list: add a <class> line for each")
                .isEmpty();
    }

    private static String room(JavaClass type) {
        String name = type.getPackageName();
        return name.length() > ROOT.length() && name.startsWith(ROOT + ".") ? name.substring(ROOT.length() + 1) : "";
    }
}

package org.cosellbridge.simulator;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * One simulated CRM as its people see it: what they do in it, what they find in it, and what a test may ask about the calls that were
 * made. Everything that differs between CRMs, their names, their actions and their set-up, is known to the implementation alone, so that
 * one description of a scenario holds for all of them. It answers from its creation until {@link #close}.
 */
public interface CrmSystem extends AutoCloseable {
    /** The codes that Partner Center has for its help options, in its order. */
    List<String> HELP_CODES = List.of(
            "WorkloadSpecificValueProposition",
            "CustomerTechnicalArchitecture",
            "ProofOfConceptOrDemo",
            "QuotesOrLicensing",
            "PostSalesCustomerSuccess",
            "GeneralOrOther");

    // ---- what it is

    /** The product's word for this kind of CRM: a connection's type, the sender of its pushes, the folder of its mapping documents. */
    String type();

    /** What people call it. */
    String title();

    /** The server beneath: address, call log, broken rules, faults. */
    SimulatorServer server();

    /** The keys of a connection to it, each without the connection's prefix. */
    Map<String, String> keys();

    /** The credentials of {@link #keys} are good for nothing any more, from the next call on. */
    void revokeAccess();

    /** The credentials are good again. */
    void restoreAccess();

    @Override
    void close();

    // ---- its pushes

    /** An admin has it push to a product at this address, and to no other. */
    void register(URI product);

    /** It pushes nothing any more; what is on its way still comes. */
    void unregister();

    /** Whether it pushes to a product. */
    boolean isRegistered();

    /** The pushes. */
    CrmPushes pushes();

    // ---- what its people do

    /**
     * The seller creates a record and its id is answered. The company of an opportunity's customer becomes an account and the person
     * there a contact, both new, and the opportunity names them. What the CRM demands besides is filled by its form.
     */
    String create(CrmKind kind, Map<CrmField, ?> fields);

    /** The seller changes fields of a record; a customer's as {@link #create} says. */
    void edit(CrmKind kind, String id, Map<CrmField, ?> fields);

    /** The seller deletes a record. */
    void delete(CrmKind kind, String id);

    /** The seller moves an opportunity to another state: open (again), on hold, won or lost, by the way that the CRM has for it. */
    void move(String opportunity, CrmState state);

    /** The seller makes an opportunity of an open lead, by the CRM's own way, and the opportunity's id is answered. */
    String qualify(String lead);

    /** The seller closes an open lead without an opportunity. */
    void disqualify(String lead);

    /** From now on the products of an opportunity determine its amount and nobody can write it; or they do no more. */
    void amountFromProducts(String opportunity, boolean on);

    /**
     * From now on an automation of the CRM sets this text to another whenever a call has written it.
     *
     * @param rule from the text the record has, empty for none, to the text that the automation gives it
     */
    void rewrite(CrmKind kind, CrmField field, UnaryOperator<String> rule);

    /** The automations of {@link #rewrite} end. */
    void stopRewriting();

    /** The edits of automations that the CRM refused, one sentence each. */
    List<String> failedAutomations();

    // ---- what they find

    /** Every record of this kind in the order of creation, none that is deleted. */
    List<CrmRecord> records(CrmKind kind);

    /** The record of this id; empty when it is deleted. */
    Optional<CrmRecord> find(CrmKind kind, String id);

    /** The opportunities that the CRM shows as made of this lead. */
    List<CrmRecord> opportunitiesOf(String lead);

    /** The state of a lead of which the product made an opportunity, with nobody in the CRM doing anything. */
    CrmState stateOfAcceptedLead();

    /** Whether {@link #opportunitiesOf} shows such an opportunity, too. */
    boolean showsOpportunityOfAcceptedLead();

    /** The names of all accounts, each as often as there are accounts of it; empty for one without. */
    List<String> accounts();

    /** The e-mail addresses of all contacts, each as often as there are contacts with it; empty for one without. */
    List<String> contacts();

    // ---- how it calls and limits things

    /** What the records of this kind belong to, as calls name it: a set, an object. */
    String collection(CrmKind kind);

    /** What calls name a field. A customer's field has the name in the record that holds it. */
    String name(CrmKind kind, CrmField field);

    /** What people call a field. */
    String label(CrmKind kind, CrmField field);

    /** The fields without which it takes no record of this kind, from a person neither. */
    Set<CrmField> required(CrmKind kind);

    /** How many characters a description takes at most. */
    int longestDescription();

    /**
     * How it refuses a call because it has too much to do at the moment, as its maker documents it.
     *
     * @param seconds the time after which it is to be asked again, where it says one
     */
    Fault busy(int seconds);

    // ---- the calls that were made

    /** Whether a call of this method and path is the product's create of a record of this kind. */
    boolean isCreate(CrmKind kind, String method, String path);

    /** Whether a call of this method and path changes a record of this kind, which its id in the path names. */
    boolean isUpdate(CrmKind kind, String method, String path);

    /** Every write that took effect, in their order. */
    List<CrmWrite> writes();

    /** What people call the record of a write; empty when it has no name or is deleted. */
    String nameOf(CrmWrite write);

    /** Which fields calls wrote with the value that they had already, one sentence each. */
    List<String> unchangedFields();

    /** The writes of calls to records of this kind. */
    default List<CrmWrite> writes(CrmKind kind) {
        return writes().stream()
                .filter(write -> write.collection().equals(collection(kind)) && write.byCall())
                .toList();
    }

    /** How many records of this kind were created by calls. */
    default int creates(CrmKind kind) {
        return (int) writes(kind).stream()
                .filter(write -> write.action().equals("CREATE"))
                .count();
    }

    /** How often calls changed a record of this kind, closing included. */
    default int updates(CrmKind kind) {
        return (int) writes(kind).stream()
                .filter(write ->
                        !write.action().equals("CREATE") && !write.action().equals("DELETE"))
                .count();
    }
}

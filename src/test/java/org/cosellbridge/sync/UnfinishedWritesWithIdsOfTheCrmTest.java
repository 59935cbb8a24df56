package org.cosellbridge.sync;

/** The same where the CRM gives new records ids of its own, as Salesforce does. */
class UnfinishedWritesWithIdsOfTheCrmTest extends UnfinishedWritesTest {
    @Override
    boolean crmChoosesIds() {
        return true;
    }
}

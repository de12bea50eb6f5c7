import { describeChanges, describeClients } from '@tenfold/cluster/testing';
import { subject } from './subject.ts';

describeClients(subject);
describeChanges(subject);

import { describeClients } from '@tenfold/cluster/testing';
import { subject } from './subject.ts';

describeClients(subject);

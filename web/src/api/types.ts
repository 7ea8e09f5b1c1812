// The shapes of the API by their names; made from api/openapi.yaml (npm run types).
import type { components } from './schema';

type Schemas = components['schemas'];
export type Me = Schemas['Me'];
export type Login = Schemas['Login'];
export type Overview = Schemas['Overview'];
export type Attention = Schemas['Attention'];
export type Session = Schemas['Session'];
export type SessionStatus = Schemas['SessionStatus'];
export type Metric = Schemas['Metric'];
export type MetricExplained = Schemas['MetricExplained'];
export type Contribution = Schemas['Contribution'];
export type AnomalyPart = Schemas['AnomalyPart'];
export type AnomalyLabel = Schemas['AnomalyLabel'];
export type Series = Schemas['Series'];
export type Timeline = Schemas['Timeline'];
export type Band = Schemas['Band'];
export type Screenshot = Schemas['Screenshot'];
export type Ledger = Schemas['Ledger'];
export type Health = Schemas['Health'];
export type User = Schemas['User'];
export type ApiKey = Schemas['ApiKey'];
export type EnrollmentCode = Schemas['EnrollmentCode'];
export type AuditRow = Schemas['AuditRow'];
export type Ready = Schemas['Ready'];
export type ProblemBody = Schemas['Problem'];

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
export type PipelineStatus = Schemas['PipelineStatus'];

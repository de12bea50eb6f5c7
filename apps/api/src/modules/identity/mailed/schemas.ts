import { Type } from 'typebox';

const Token = Type.String({ minLength: 1, maxLength: 200, description: 'From the mail', examples: ['AZt2VIwAerx…'] });

export const ForgotPassword = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254, examples: ['ada@example.com'] }) },
  { additionalProperties: false, title: 'ForgotPassword' },
);
export const ResetPassword = Type.Object(
  { token: Token, password: Type.String({ minLength: 8, maxLength: 128, examples: ['correct horse battery staple'] }) },
  { additionalProperties: false, title: 'ResetPassword' },
);
export const VerifyEmail = Type.Object({ token: Token }, { additionalProperties: false, title: 'VerifyEmail' });

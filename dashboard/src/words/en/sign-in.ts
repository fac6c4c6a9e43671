// The page to sign in, and that of a one-time link.
import type { zh } from '../zh'

export const signIn: typeof zh.signIn = {
  title: 'Sign in',
  name: 'Name',
  password: 'Password',
  submit: 'Sign in',
  working: 'Signing in',
  failed: 'Name or password is wrong.',
  locked: (wait) => `Too many attempts. Please wait ${wait} and try again.`,
  forgotten: 'Forgotten the password? Ask an administrator for a new one-time link.',
  ended: 'Your session has ended. Please sign in again.',
  link: {
    first: 'The first administrator',
    invitation: 'Welcome. Choose a password',
    reset: 'Choose a new password',
    sign_in: 'Signing in',
    as: (display, role) => `${display} · ${role}`,
    display: 'Your name, as others see it',
    password: 'New password',
    again: 'Once more',
    rule: 'At least 10 characters. A sentence that only you know makes a good one.',
    length: 'A password has 10 to 200 characters.',
    differ: 'The two are not the same.',
    submit: 'Save and sign in',
    gone: 'This link holds no more',
    goneWhy: 'Each link can be used once, and ends by itself. Ask an administrator for another.',
    toSignIn: 'To sign in',
    until: (at) => `This link holds until ${at}, and for one use.`,
  },
}

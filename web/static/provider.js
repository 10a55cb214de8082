// The page of one provider stays true when somebody deletes it: then its parts can no longer be read again.
document.body.addEventListener('htmx:responseError', ({ detail }) => {
  const section = document.getElementById('provider');
  if (detail.xhr.status !== 404 || section === null) return;
  const link = Object.assign(document.createElement('a'), {
    href: '/providers',
    textContent: 'All providers',
  });
  const note = Object.assign(document.createElement('p'), { className: 'empty', role: 'status' });
  note.append('This provider was deleted. ', link);
  section.replaceWith(note);
  document.getElementById('provider-models')?.remove();
});

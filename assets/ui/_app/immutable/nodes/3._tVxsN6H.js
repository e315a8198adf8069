
export{t as component}from"../chunks/Dro6bnna.js";